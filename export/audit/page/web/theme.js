// Light, dark, or as the system has it. What was chosen is kept where the browser lets a file keep things.
const THEMES = ['auto', 'light', 'dark'];

function setTheme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  fill($('theme'), { auto: '◐', light: '☀', dark: '☾' }[name], el('span', {}, ` ${name}`));
  $('theme').dataset.theme = name;
}

function nextTheme() {
  const name = THEMES[(THEMES.indexOf($('theme').dataset.theme) + 1) % THEMES.length];
  setTheme(name);
  try {
    localStorage.setItem('mulligan-theme', name);
  } catch { /* a browser may keep nothing for files: the choice lasts as long as the page */ }
}

function firstTheme() {
  let name = null;
  try {
    name = localStorage.getItem('mulligan-theme');
  } catch { /* likewise */ }
  setTheme(THEMES.includes(name) ? name : 'auto');
  $('theme').addEventListener('click', nextTheme);
}
