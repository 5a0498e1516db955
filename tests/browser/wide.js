() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const found = [...document.body.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > root.clientWidth + 1 && getComputedStyle(e).position !== 'absolute';
  });
  return found.filter(e => !found.some(other => other !== e && e.contains(other))).slice(0, 5)
    .map(e => `too wide at ${root.clientWidth}: ${e.outerHTML.slice(0, 160)}`).concat(found.length ? [] : [`the page is ${root.scrollWidth} wide`]);
}
