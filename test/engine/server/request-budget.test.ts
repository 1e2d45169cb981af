import { describe, expect, it } from 'vitest';
import { RequestBudgets } from '../../../engine/server/request-budget.ts';

const MB = 1024 * 1024;
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

  it('lets reads begin while the caller takes their answers, by the size that they have had of late', () => {
    const one = budgets().open('10.0.0.1:5');
    let begun = 0;
    while (one.mayRead()) {
      one.readBegins();
      begun++;
    }
    expect(begun).toBe(32);
    for (let i = 0; i < begun; i++) one.readEnds(MB);
    begun = 0;
    while (one.mayRead()) {
      one.readBegins();
      begun++;
    }
    expect(begun).toBe(8);
    for (let i = 0; i < begun; i++) {
      one.readEnds(MB);
      one.answerWaits(MB);
    }
    // Nothing is taken: nothing begins, until something is.
    expect(one.mayRead()).toBe(false);
    one.answerTaken(2 * MB);
    expect(one.mayRead()).toBe(true);
  });
});
