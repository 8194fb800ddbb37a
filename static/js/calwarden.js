// Enhancements only: every page works without this file. No inline code anywhere, so CSP script-src 'self' is enough.

// A strip of tabs that is wider than the screen shows the current one.
document.querySelectorAll('.tabs [aria-current]').forEach((tab) => {
  const strip = tab.closest('ul');
  strip.scrollLeft = tab.offsetLeft - strip.clientWidth / 2 + tab.offsetWidth / 2;
});

// What went wrong is read first.
document.querySelector('[role=alert][tabindex]')?.focus({ preventScroll: true });

// "/" goes to the search box; Esc closes a menu and gives the focus back to its button.
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.target.closest('input, textarea, select')) {
    const search = document.querySelector('input[type=search]');
    if (search) { event.preventDefault(); search.focus(); }
  }
  if (event.key === 'Escape') {
    document.querySelectorAll('details.menu[open]').forEach((menu) => {
      menu.open = false;
      menu.querySelector('summary').focus();
    });
  }
});
document.addEventListener('click', (event) => {
  document.querySelectorAll('details.menu[open]').forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

// A part of the page that replaced itself (htmx) keeps the focus: on its heading, where the control is gone.
let focusedIn = '';
document.addEventListener('htmx:before:swap', () => {
  focusedIn = document.activeElement?.closest('[data-hx-get][id]')?.id ?? '';
});
document.addEventListener('htmx:after:swap', () => {
  if (focusedIn && document.activeElement === document.body) {
    document.querySelector(`#${CSS.escape(focusedIn)} [tabindex="-1"]`)?.focus({ preventScroll: true });
  }
});

// A part of the page asked after the session ended: the whole page is loaded anew, and leads to the sign-in page.
document.addEventListener('htmx:before:response', (event) => {
  if (event.detail.ctx.response.status !== 401) return;
  event.preventDefault();
  location.replace(location.pathname + location.search);
});

// Rows that are ticked: "all on this page", and how many there are.
document.querySelectorAll('form:has([data-picked])').forEach((form) => {
  const boxes = [...form.querySelectorAll('input[name=id]')];
  const all = form.querySelector('[data-pick-all]');
  const say = () => {
    const count = boxes.filter((box) => box.checked).length;
    form.querySelector('[data-picked]').textContent = `${count} selected`;
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  };
  all.hidden = false;
  all.addEventListener('change', () => { boxes.forEach((box) => { box.checked = all.checked; }); say(); });
  form.addEventListener('change', say);
  say();
});
