import { describe, expect, it } from 'vitest';
import { RequestBudgets } from '../../../engine/server/request-budget.ts';

const MB = 1024 * 1024;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0)).then(() => new Promise(setImmediate));
const budgets = () => new RequestBudgets({ requestsPerConnection: 3, requestBytesPerClient: 4 * MB });

describe('the budget of a connection', () => {
  it('takes so many requests, and more when some are answered', () => {
    const one = budgets().open('10.0.0.1:5');
    for (let i = 0; i < 3; i++) expect(one.take(10, false)).toBeNull();
    expect(one.take(10, false)).toMatch(/^3 requests are in flight/);
    one.give(10);
    expect(one.take(10, false)).toBeNull();
  });

  it('is shared by the streams of the connection, and forgotten with the last of them', () => {
    const all = budgets();
    const first = all.open('10.0.0.1:5');
    expect(all.open('10.0.0.1:5')).toBe(first);
    expect(all.open('10.0.0.1:6')).not.toBe(first);
    all.close('10.0.0.1:5');
    expect(all.open('10.0.0.1:5')).toBe(first);
    all.close('10.0.0.1:5');
    all.close('10.0.0.1:5');
    expect(all.open('10.0.0.1:5')).not.toBe(first);
  });

  it('leaves a little to a connection whose neighbours have taken all of the address', () => {
    const all = budgets();
    const greedy = all.open('10.0.0.1:5');
    const modest = all.open('10.0.0.1:6');
    const elsewhere = all.open('10.0.0.2:5');
    expect(greedy.take(4 * MB, false)).toBeNull();
    expect(greedy.take(MB, false)).toMatch(/bytes of requests are in flight from this address/);
    expect(modest.take(1000, false)).toBeNull();
    expect(modest.take(MB, false)).toMatch(/bytes of requests/);
    expect(elsewhere.take(MB, false)).toBeNull();
    expect(elsewhere.take(MB, false)).toBeNull();
    greedy.give(4 * MB);
    expect(modest.take(MB, false)).toBeNull();
  });

  it('holds forwarded requests to more: they come from many callers', () => {
    const one = budgets().open('10.0.0.1:5');
    for (let i = 0; i < 24; i++) expect(one.take(10, true)).toBeNull();
    expect(one.take(10, true)).toMatch(/^24 requests/);
  });

  it('has room for answers while the caller takes them', () => {
    const one = budgets().open('10.0.0.1:5');
    let answers = 0;
    for (; one.hasRoom; answers++) one.answerWaits(MB);
    expect(answers).toBe(8);
    one.answerTaken(MB);
    expect(one.hasRoom).toBe(true);
  });

  it('has room for the next answer of a connection that has none, whatever its neighbours hold', () => {
    const all = budgets();
    const neighbours = Array.from({ length: 16 }, (_, i) => all.open(`10.0.0.1:${i}`));
    for (const neighbour of neighbours) while (neighbour.hasRoom) neighbour.answerWaits(MB);
    const last = all.open('10.0.0.1:99');
    expect(last.hasRoom).toBe(true);
    last.answerWaits(MB);
    // The address has what it may have, and this connection something.
    expect(last.hasRoom).toBe(false);
    for (let i = 0; i < 8; i++) neighbours[0]!.answerTaken(MB);
    expect(last.hasRoom).toBe(true);
    expect(all.open('10.0.0.2:1').hasRoom).toBe(true);
  });

  it('calls those that wait for room, in order, and no more of them than find some', async () => {
    const one = budgets().open('10.0.0.1:5');
    one.answerWaits(9 * MB);
    const begun: number[] = [];
    for (let i = 0; i < 20; i++) {
      one.whenRoom(() => {
        begun.push(i);
        one.answerWaits(MB);
      });
    }
    await turn();
    expect(begun).toEqual([]);
    one.answerTaken(4 * MB);
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    one.answerTaken(8 * MB);
    await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('reserves room for answers that come from elsewhere, for one however large', async () => {
    const one = budgets().open('10.0.0.1:5');
    expect(one.reserve(100 * MB)).toBe(true);
    expect(one.reserve(MB)).toBe(false);
    let isCalled = false;
    one.whenRoom(() => (isCalled = true));
    one.release(100 * MB);
    await turn();
    expect(isCalled).toBe(true);
    for (let i = 0; i < 64; i++) expect(one.reserve(MB)).toBe(true);
    expect(one.reserve(MB)).toBe(false);
  });
});
