() => {
  const found = [];
  // a browser that has a dictionary hyphenates; whether it has is luck, so words must do without
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { hyphens: manual !important }');
  document.adoptedStyleSheets.push(sheet);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = texts.nextNode());) {
    const holder = node.parentElement;
    if (!holder.checkVisibility() || holder.closest('.sr, script, code, option, textarea')) continue;
    const head = holder.closest('thead');
    if (head && getComputedStyle(head).clipPath !== 'none') continue; // for screen readers only
    for (const match of node.data.matchAll(/\S{6,}/gu)) {
      const word = match[0];
      if (!/^[\p{L}\u00ad'’.,;:!?()«»„“”"…-]+$/u.test(word) || /\p{L}\.\p{L}/u.test(word)) continue;
      range.setStart(node, match.index);
      range.setEnd(node, match.index + word.length);
      let last = null;
      for (let n = 0; n < word.length; n++) {
        range.setStart(node, match.index + n);
        range.setEnd(node, match.index + n + 1);
        const box = [...range.getClientRects()].pop(); // after a soft hyphen the first one is that of the hyphen
        if (!box || !box.width) continue;
        if (last !== null && box.top > last + 4 && !/[-\u00ad]/.test(word[n - 1])) {
          found.push(`"${word.slice(0, n)}|${word.slice(n)}" is broken in ${holder.outerHTML.slice(0, 90)}`);
          break;
        }
        last = box.top;
      }
    }
  }
  document.adoptedStyleSheets.pop();
  return found;
}
