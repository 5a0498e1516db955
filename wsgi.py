r"""The WSGI application; in production:

granian --interface wsgi --no-ws --workers 2 --blocking-threads 8 --backpressure 128 \
    --respawn-failed-workers wsgi:app
"""

from webapp import create_app

app = create_app()
