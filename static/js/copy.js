// A button that copies the field it names; without this file the field is there to be marked and copied by hand.
document.querySelectorAll('[data-copy]').forEach((button) => {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener('click', async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // the browser keeps the clipboard to itself: the field is marked, ready to be copied
    }
    button.querySelector('span').textContent = 'Copied';
    const said = button.nextElementSibling;
    if (said?.matches('[role=status]')) said.textContent = 'The link is copied.';
  });
});
