import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenMemory } from '../../../engine/node/token-memory.ts';

let memory: TokenMemory | undefined;
let notes: boolean[] = [];
let answer: ((isCaughtUp: boolean) => void) | null = null;
let learn = (): void => {};
const tokens = new Map<string, never>();

function open(noted: boolean, joined = false): TokenMemory {
  memory = new TokenMemory({
    tokens: { all: tokens, onChange: (listener) => void (learn = listener) },
    noted,
    joined,
    catchUp: (done) => void (answer = done),
    note: (hasTokens) => notes.push(hasTokens),
  });
  return memory;
}

beforeEach(() => vi.useFakeTimers());

afterEach(() => {
  memory?.close();
  vi.useRealTimers();
  tokens.clear();
  notes = [];
  answer = null;
});

describe('what a node remembers of tokens', () => {
  it('is noted when there is a first one, and when the last is gone', () => {
    const memory = open(false);
    expect(memory.mayBeMore).toBe(false);
    tokens.set('a', undefined as never);
    learn();
    learn();
    tokens.clear();
    learn();
    expect(notes).toEqual([true, false]);
  });

  it('outlives the loss of its state, until it has caught up', () => {
    const memory = open(true);
    learn();
    expect(memory.mayBeMore).toBe(true);
    vi.advanceTimersByTime(1000);
    answer?.(false);
    expect(memory.mayBeMore).toBe(true);
    tokens.set('a', undefined as never);
    learn();
    vi.advanceTimersByTime(1000);
    answer?.(true);
    expect(memory.mayBeMore).toBe(false);
    expect(notes).toEqual([]);
  });

  it('is given up when all were revoked meanwhile', () => {
    const memory = open(true);
    vi.advanceTimersByTime(1000);
    answer?.(true);
    expect(memory.mayBeMore).toBe(false);
    expect(notes).toEqual([false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is nothing for who has just joined, until it has caught up', () => {
    const memory = open(false, true);
    expect(memory.mayBeMore).toBe(true);
    vi.advanceTimersByTime(1000);
    answer?.(true);
    expect(memory.mayBeMore).toBe(false);
    expect(notes).toEqual([]);
  });
});
