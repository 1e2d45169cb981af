import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';

const WRITE_MS = 250;

/** The moment that ?at= names; null for live. */
export function parseAt(named: string | null): number | null {
  return named !== null && /^\d{1,15}$/.test(named) ? Number(named) : null;
}

/**
 * The moment shown, in step with the address, which is written once the playhead rests:
 * browsers refuse an address that changes with every pixel.
 */
export function useAt(): [number | null, (atMs: number | null) => void] {
  const [params, setParams] = useSearchParams();
  const named = parseAt(params.get('at'));
  const written = useRef(named);
  const [atMs, setAtMs] = useState(named);
  const write = useEffectEvent(() => {
    const next = new URLSearchParams(params);
    if (atMs === null) next.delete('at');
    else next.set('at', String(atMs));
    written.current = atMs;
    setParams(next, { replace: true });
  });
  useEffect(() => {
    if (named === written.current) return;
    written.current = named;
    setAtMs(named);
  }, [named]);
  useEffect(() => {
    if (atMs === written.current) return undefined;
    const timer = setTimeout(() => write(), WRITE_MS);
    return () => clearTimeout(timer);
  }, [atMs]);
  return [atMs, setAtMs];
}
