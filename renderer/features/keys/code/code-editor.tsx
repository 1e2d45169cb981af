import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap } from '@codemirror/view';
import { useEffect, useEffectEvent, useRef } from 'react';
import { cspNonce } from '../../../app/csp.ts';
import type { ValueFormat } from '../value-format.ts';
import { hexMargins, numberMargin } from './code-margins.ts';
import { codeTheme } from './code-theme.ts';
import { problemLineMark } from './problem-line.ts';
import { typingOver } from './typing-over.ts';
import styles from './code-area.module.css';

export interface CodeEditorProps {
  /** The accessible name. */
  label: string;
  value: string;
  format: ValueFormat;
  readOnly: boolean;
  /** Counted from 1; marked in the margin and in the text. */
  problemLine?: number | undefined;
  onChange: (value: string) => void;
}

/** ⌘↵ belongs to the dialog around the editor; Tab moves on, so that the keyboard is never caught. */
const keys = [...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'), ...historyKeymap, ...searchKeymap];

/** One CodeMirror, which keeps its cursor and its undo while the value changes under it. */
export function CodeEditor({ label, value, format, readOnly, problemLine, onChange }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const told = useRef(value);
  const parts = useRef({ looks: new Compartment(), access: new Compartment(), problem: new Compartment() });
  const tell = useEffectEvent((text: string) => {
    told.current = text;
    onChange(text);
  });
  const first = useEffectEvent((parent: HTMLElement) => {
    const { looks, access, problem } = parts.current;
    return new EditorView({
      parent,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(cspNonce()),
          codeTheme,
          history(),
          drawSelection(),
          highlightSpecialChars(),
          highlightActiveLine(),
          highlightSelectionMatches(),
          search({ top: true }),
          typingOver,
          keymap.of(keys),
          looks.of(looksOf(format)),
          access.of(accessOf(label, readOnly)),
          problem.of(problemLineMark(problemLine)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell(update.state.doc.toString());
          }),
        ],
      }),
    });
  });

  useEffect(() => {
    if (place.current === null) return undefined;
    const made = first(place.current);
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, []);
  useEffect(() => {
    if (view.current === null || value === told.current) return;
    told.current = value;
    replaceText(view.current, value);
  }, [value]);
  useEffect(() => view.current?.dispatch({ effects: parts.current.looks.reconfigure(looksOf(format)) }), [format]);
  useEffect(
    () => view.current?.dispatch({ effects: parts.current.access.reconfigure(accessOf(label, readOnly)) }),
    [label, readOnly],
  );
  useEffect(
    () => view.current?.dispatch({ effects: parts.current.problem.reconfigure(problemLineMark(problemLine)) }),
    [problemLine],
  );
  return <div ref={place} className={styles.editor} />;
}

function looksOf(format: ValueFormat) {
  if (format === 'hex') return hexMargins;
  if (format === 'base64') return [numberMargin, EditorView.lineWrapping];
  return format === 'json' ? [numberMargin, json(), bracketMatching(), indentOnInput()] : [numberMargin];
}

function accessOf(label: string, readOnly: boolean) {
  return [
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({
      'aria-label': label,
      // It is reachable anyway; said here, what looks for the keyboard's way into the scrolling box finds it.
      tabindex: '0',
      ...(readOnly && { 'aria-readonly': 'true' }),
      spellcheck: 'false',
      autocorrect: 'off',
      autocapitalize: 'off',
    }),
  ];
}

/** Only what differs is replaced, so that the cursor stays where it was. */
function replaceText(view: EditorView, next: string): void {
  const now = view.state.doc.toString();
  if (now === next) return;
  const most = Math.min(now.length, next.length);
  let from = 0;
  while (from < most && now.charCodeAt(from) === next.charCodeAt(from)) from++;
  let tail = 0;
  while (tail < most - from && now.charCodeAt(now.length - 1 - tail) === next.charCodeAt(next.length - 1 - tail)) {
    tail++;
  }
  view.dispatch({ changes: { from, to: now.length - tail, insert: next.slice(from, next.length - tail) } });
}
