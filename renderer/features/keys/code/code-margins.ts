import { EditorView, gutter, GutterMarker, lineNumbers } from '@codemirror/view';
import { asciiOf, hexOffset } from '../value-format.ts';

export const numberMargin = lineNumbers();

class Ascii extends GutterMarker {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override eq(other: Ascii): boolean {
    return other.#text === this.#text;
  }

  override toDOM(): Node {
    return document.createTextNode(this.#text);
  }
}

/** Beside hex: where each line begins, and what it spells. */
export const hexMargins = [
  lineNumbers({ formatNumber: (line) => hexOffset(line - 1) }),
  gutter({
    class: 'cm-ascii',
    side: 'after',
    lineMarker: (view, line) => new Ascii(asciiOf(view.state.sliceDoc(line.from, line.to))),
    lineMarkerChange: (update) => update.docChanged,
  }),
  EditorView.editorAttributes.of({ class: 'cm-hex' }),
];
