'use strict';
'require baseclass';
'require dom';

// stand-in: a view loads, renders into #view, and gets its buttons below
return baseclass.extend({
  __init__() {
    Promise.resolve(this.load?.())
      .then((data) => this.render(data))
      .then((nodes) => {
        dom.content(document.querySelector('#view'), [nodes, this.handleSave === null ? '' : this.buttons()]);
        document.body.dataset.ready = 'yes';
      })
      .catch((error) => {
        document.body.dataset.ready = 'failed';
        throw error;
      });
  },
  buttons: () =>
    E('div', { class: 'cbi-page-actions' }, [
      E('button', { class: 'btn cbi-button-apply', click: () => document.querySelector('.cbi-map').save() }, [
        'Save & Apply',
      ]),
    ]),
});
