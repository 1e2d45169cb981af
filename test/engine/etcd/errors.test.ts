import * as grpc from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { prefixEnd } from '../../../engine/etcd/index.ts';
import { toEtcdError } from '../../../engine/etcd/errors.ts';

const failed = (code: grpc.status, details: string, writes = false) =>
  toEtcdError(Object.assign(new Error(details), { code, details, metadata: new grpc.Metadata() }), 'm1:2379', writes);

describe('what etcd and gRPC say', () => {
  it.each([
    [grpc.status.PERMISSION_DENIED, 'etcdserver: permission denied', 'permissionDenied'],
    [grpc.status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [grpc.status.UNAVAILABLE, 'etcdserver: no leader', 'noLeader'],
    [grpc.status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'tooManyRequests'],
    [grpc.status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'noSpace'],
    [grpc.status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'tooLarge'],
    [grpc.status.UNIMPLEMENTED, 'unknown service etcdserverpb.Maintenance', 'notEtcd'],
    [grpc.status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED 1.2.3.4:5', 'unavailable'],
    [grpc.status.UNAVAILABLE, 'No connection established. Last error: certificate has expired', 'tls'],
    [grpc.status.FAILED_PRECONDITION, 'etcdserver: something new', 'refused'],
  ])('%s %s is %s', (code, details, expected) => {
    const error = failed(code, details);
    expect(error.code).toBe(expected);
    expect(error.message).not.toMatch(/etcdserver:/);
  });

  it('leaves open what became of a write that was sent, and only of that', () => {
    expect(failed(grpc.status.DEADLINE_EXCEEDED, 'Deadline exceeded', true).code).toBe('unknownOutcome');
    expect(failed(grpc.status.DEADLINE_EXCEEDED, 'Deadline exceeded', false).code).toBe('deadline');
    expect(failed(grpc.status.UNAVAILABLE, 'Connection dropped', true).code).toBe('unknownOutcome');
    expect(failed(grpc.status.UNAVAILABLE, 'No connection established', true).code).toBe('unavailable');
    const late = 'etcdserver: request timed out, possibly due to previous leader failure';
    expect(failed(grpc.status.UNAVAILABLE, late, true).code).toBe('unknownOutcome');
    expect(failed(grpc.status.UNAVAILABLE, late, false).code).toBe('deadline');
  });
});

it('a prefix ends before the next one of its length', () => {
  const end = (bytes: number[]) => [...prefixEnd(Buffer.from(bytes))];
  expect(end([1, 2])).toEqual([1, 3]);
  expect(end([1, 255])).toEqual([2]);
  expect(end([255, 255])).toEqual([0]);
  expect(end([])).toEqual([0]);
});
