import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** The design's tokens on CodeMirror's elements; both themes come with the tokens. */
const looks = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'transparent', color: 'var(--text-1)', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '19px', letterSpacing: '-0.01em' },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--text-1)' },
  '.cm-line': { padding: '0 12px 0 4px' },
  '.cm-cursor': { borderLeftColor: 'var(--text-1)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--text-3)', border: 'none' },
  '.cm-gutters-after': { borderLeft: '1px solid var(--line-1)' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '34px', padding: '0 8px 0 4px' },
  '.cm-ascii .cm-gutterElement': { padding: '0 12px', whiteSpace: 'pre' },
  '.cm-activeLine': { backgroundColor: 'var(--accent-fill)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--accent-line)',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--fill-3)' },
  '.cm-searchMatch': { backgroundColor: 'var(--st-suspect-fill)', outline: '1px solid var(--st-suspect)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-line)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--fill-3)', color: 'inherit' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--st-dead-fill)', color: 'var(--st-dead)' },
  '.cm-line.cm-problemLine': { backgroundColor: 'var(--st-dead-fill)' },
  '.cm-gutterElement.cm-problemLine': { color: 'var(--st-dead)', fontWeight: 'var(--fw-strong)' },
  '.cm-specialChar': { color: 'var(--st-dead)' },
  '.cm-panels': { backgroundColor: 'var(--surface-1)', color: 'var(--text-1)', fontFamily: 'var(--font-ui)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--line-1)' },
  '.cm-panel.cm-search': { padding: '6px 28px 6px 8px' },
  '.cm-panel.cm-search label': { color: 'var(--text-2)', fontSize: 'var(--fs-11)' },
  '.cm-textfield': {
    height: '24px',
    border: '1px solid var(--line-3)',
    borderRadius: 'var(--r-1)',
    backgroundColor: 'var(--field)',
    color: 'var(--text-1)',
    fontSize: 'var(--fs-12)',
  },
  '.cm-button': {
    height: '24px',
    border: '1px solid var(--line-2)',
    borderRadius: 'var(--r-1)',
    backgroundImage: 'none',
    backgroundColor: 'transparent',
    color: 'var(--text-1)',
    fontSize: 'var(--fs-11)',
  },
  '.cm-panel.cm-search [name=close]': { width: '24px', height: '24px', color: 'var(--text-2)' },
});

const highlighting = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--text-2)' },
  { tag: tags.string, color: 'var(--text-1)', fontWeight: '500' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--accent)' },
  { tag: [tags.punctuation, tags.separator, tags.brace, tags.squareBracket], color: 'var(--text-3)' },
]);

export const codeTheme = [looks, syntaxHighlighting(highlighting)];
