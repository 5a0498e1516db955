task => {
  const name = e => {
    const words = (e.getAttribute('aria-label') || e.textContent || e.name || '').trim().replace(/\s+/g, ' ').slice(0, 40);
    return `${e.tagName.toLowerCase()} ${e.id || e.name || ''} "${words}"`;
  };
  if (task === 'expected') {
    const groups = new Set();
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, iframe')].filter(e => {
      if (e.disabled || e.type === 'hidden' || e.tabIndex < 0 || !e.checkVisibility({visibilityProperty: true})) return false;
      if (e.tagName === 'SUMMARY' && e !== e.parentElement.querySelector(':scope > summary')) return false;
      if (e.type !== 'radio') return true;
      // a group of radio buttons is one stop: at the chosen one, else at the first
      const group = [...document.querySelectorAll(`input[type=radio][name="${e.name}"]`)].filter(r => r.form === e.form);
      const stop = group.find(r => r.checked) || group[0];
      return e === stop && !groups.has(group[0]) && groups.add(group[0]);
    }).map(name);
  }
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const complaints = [];
  const style = getComputedStyle(e);
  const ringed = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
  const card = e.closest('.card');
  if (!ringed(style) && !(card && ringed(getComputedStyle(card)))) complaints.push(`no ring around ${name(e)}`);
  if (e.tabIndex > 0) complaints.push(`${name(e)} jumps the queue`);
  const boxes = [...e.getClientRects()].filter(box => box.width && box.height);
  if (!boxes.length) complaints.push(`${name(e)} can't be seen`);
  else {
    const box = boxes[0];
    const over = [.2, .5, .8].map(part => [box.left + box.width * part, box.top + box.height / 2])
      .filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight)
      .map(([x, y]) => document.elementFromPoint(x, y));
    if (!over.length) complaints.push(`${name(e)} is outside of the window`);
    const strange = over.find(o => o && o !== e && !e.contains(o) && !o.contains(e) && !(card && card.contains(o)));
    if (strange) complaints.push(`${strange.outerHTML.slice(0, 80)} lies over ${name(e)}`);
  }
  return {name: name(e), complaints};
}
