/** The messages of proto/etcd.proto as they are in memory. 64-bit numbers are decimal text: ids use all their bits. */

export interface ResponseHeader {
  clusterId: string;
  memberId: string;
  revision: string;
  raftTerm: string;
}

export interface WireKeyValue {
  key: Buffer;
  createRevision: string;
  modRevision: string;
  version: string;
  value: Buffer;
  lease: string;
}

export interface RangeResponse {
  header: ResponseHeader | null;
  kvs: WireKeyValue[];
  more: boolean;
  count: string;
}

export interface TxnResponse {
  header: ResponseHeader | null;
  succeeded: boolean;
  responses: {
    responseRange?: RangeResponse | null;
    responseDeleteRange?: { deleted: string } | null;
  }[];
}

export interface WatchResponse {
  header: ResponseHeader | null;
  created: boolean;
  canceled: boolean;
  compactRevision: string;
  cancelReason: string;
  /** More of the same answer follows. */
  fragment: boolean;
  events: { type: number; kv: WireKeyValue | null }[];
}

export interface WireMember {
  ID: string;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}

export interface StatusResponse {
  header: ResponseHeader | null;
  version: string;
  dbSize: string;
  leader: string;
  raftIndex: string;
  raftTerm: string;
  raftAppliedIndex: string;
  errors: string[];
  dbSizeInUse: string;
  isLearner: boolean;
}

/** AlarmType of the .proto. */
export const alarmNames = ['none', 'noSpace', 'corrupt'] as const;
