import { expect, it } from 'vitest';
import { Roster } from '../../../engine/client/roster.ts';

const member = () => ({ place: -1 });

it('knows who is in it, in whatever order they leave', () => {
  const roster = new Roster<{ place: number }>();
  const members = Array.from({ length: 50 }, member);
  for (const one of members) roster.add(one);
  const left = members.filter((_, i) => i % 3 === 0);
  for (const one of left) roster.remove(one);
  const rest = members.filter((one) => !left.includes(one));
  expect(new Set(roster.all())).toEqual(new Set(rest));
  expect(roster.size).toBe(rest.length);
  for (const one of rest.toReversed()) roster.remove(one);
  expect(roster.all()).toEqual([]);
});

it('is not harmed by one that is not in it', () => {
  const roster = new Roster<{ place: number }>();
  const [one, stranger] = [member(), member()];
  roster.add(one);
  roster.remove(stranger);
  stranger.place = one.place;
  roster.remove(stranger);
  expect(roster.all()).toEqual([one]);
  roster.remove(one);
  roster.remove(one);
  expect(roster.size).toBe(0);
});
