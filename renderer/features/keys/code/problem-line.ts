import { RangeSet, type Extension } from '@codemirror/state';
import { Decoration, EditorView, gutterLineClass, GutterMarker } from '@codemirror/view';

class ProblemMarker extends GutterMarker {
  override elementClass = 'cm-problemLine';
}

const marker = new ProblemMarker();
const decoration = Decoration.line({ class: 'cm-problemLine' });

/** Marks a line, counted from 1, as the one that is wrong. A line that is not there is not marked. */
export function problemLineMark(line: number | undefined): Extension {
  if (line === undefined) return [];
  return [
    EditorView.decorations.compute(['doc'], ({ doc }) =>
      line > doc.lines ? Decoration.none : Decoration.set([decoration.range(doc.line(line).from)]),
    ),
    gutterLineClass.compute(['doc'], ({ doc }) =>
      line > doc.lines ? RangeSet.empty : RangeSet.of([marker.range(doc.line(line).from)]),
    ),
  ];
}
