'use strict';
'require baseclass';
'require dom';

// stand-in: one dialog (as in LuCI its title is markup when it is a string, and Escape presses its first
// button), notifications
const onKey = (event) => {
  if (event.key === 'Escape')
    document.querySelector('#modal_overlay .right > button, #modal_overlay .right > .btn')?.click();
};

return baseclass.extend({
  showModal(title, children) {
    const overlay = document.querySelector('#modal_overlay');
    const box = E('div', { class: 'modal' }, [E('h4', {}, title), ...children]);
    dom.content(overlay, [box]);
    overlay.onkeydown = onKey;
    document.body.classList.add('modal-overlay-active');
    return box;
  },
  hideModal() {
    document.body.classList.remove('modal-overlay-active');
    dom.content(document.querySelector('#modal_overlay'), []);
  },
  addNotification(title, children, kind) {
    const node = E('div', { class: `alert-message ${kind}` }, [title ? E('h4', {}, [title]) : '', children]);
    document.querySelector('#notifications').append(node);
    return node;
  },
});
