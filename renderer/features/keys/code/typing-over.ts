import { EditorView } from '@codemirror/view';

/**
 * Typing over a selection. Left to itself the browser keeps the looks of what was selected
 * by writing style attributes, which the policy forbids and reports.
 */
export const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || event.data === null || view.composing || view.state.readOnly) return false;
    const selected = selectedRange(event, view);
    if (selected === null) return false;
    event.preventDefault();
    const insert = view.state.toText(event.data);
    view.dispatch({
      changes: { ...selected, insert },
      selection: { anchor: selected.from + insert.length },
      userEvent: 'input.type',
      scrollIntoView: true,
    });
    return true;
  },
});

/** The one range that the text replaces; null when it replaces nothing, or several at once. */
function selectedRange(event: InputEvent, view: EditorView): { from: number; to: number } | null {
  const { main, ranges } = view.state.selection;
  if (ranges.length > 1) return null;
  if (!main.empty) return { from: main.from, to: main.to };
  // The selection may be so new that the editor has not heard of it.
  const [range] = event.getTargetRanges();
  if (range === undefined || range.collapsed || !view.contentDOM.contains(range.startContainer)) return null;
  return {
    from: view.posAtDOM(range.startContainer, range.startOffset),
    to: view.posAtDOM(range.endContainer, range.endOffset),
  };
}
