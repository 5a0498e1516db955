() => [...document.body.querySelectorAll('*')].filter(e => {
  const style = getComputedStyle(e);
  if (!e.checkVisibility() || e.closest('.sr, svg, thead, details:not([open])') || !e.textContent.trim()) return false;
  if (/TEXTAREA|SELECT|OPTION|INPUT/.test(e.tagName)) return false;
  const hides = s => s === 'hidden' || s === 'clip';
  return (hides(style.overflowX) && e.scrollWidth > e.clientWidth + 2)
    || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 2);
}).slice(0, 5).map(e => `cut off: ${e.outerHTML.slice(0, 160)}`)
