import { useEffect, useState, type RefObject } from 'react';
import { columnsInView } from './grid-keys.ts';
import type { ColumnRange } from './matrix-cells.ts';

/** Which columns of a scrolling matrix are to be drawn, followed as it scrolls and grows. */
export function useColumnsInView(scroller: RefObject<HTMLElement | null>, columns: number): ColumnRange {
  const [range, setRange] = useState(() => columnsInView(0, innerWidth, columns));
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const look = () => {
      const next = columnsInView(element.scrollLeft, element.clientWidth, columns);
      setRange((now) => (now.first === next.first && now.end === next.end ? now : next));
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [scroller, columns]);
  return range;
}
