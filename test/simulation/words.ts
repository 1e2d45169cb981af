import { MessageType, type Message } from '../../engine/raft/types.ts';

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);

/** A message as a person would tell it. */
export function messageWords(message: Message): string {
  const { type, from, to, term, index, logTerm, commit, reject, rejectHint, context, transfer, entries } = message;
  const head = `node ${from} -> node ${to}: ${NAMES[type] ?? type} term ${term}`;
  switch (type) {
    case MessageType.PreVote:
    case MessageType.Vote:
      return `${head}, log ends at ${index} (term ${logTerm})${transfer ? ', as the leader asked' : ''}`;
    case MessageType.TimeoutNow:
      return head;
    case MessageType.PreVoteResponse:
    case MessageType.VoteResponse:
      return `${head}, ${reject ? 'no' : 'yes'}`;
    case MessageType.Append: {
      const last = entries.at(-1);
      const carried = entries.map((entry) => `${entry.index}(term ${entry.term})`);
      const what =
        last === undefined ? 'nothing' : carried.length > 4 ? `${carried[0]} ... ${carried.at(-1)}` : carried.join(' ');
      return `${head}, after ${index} (term ${logTerm}): ${what}; commit ${commit}`;
    }
    case MessageType.AppendResponse:
      return reject
        ? `${head}, refuses what follows ${index}, may match at ${rejectHint} (term ${logTerm})`
        : `${head}, has all up to ${index}`;
    case MessageType.Heartbeat:
      return `${head}, commit ${commit}, read round ${context}`;
    case MessageType.HeartbeatResponse:
      return `${head}, read round ${context}${reject ? ', stale' : ''}`;
    case MessageType.ReadIndex:
      return `${head}, request ${context}`;
    case MessageType.ReadIndexResponse:
      return `${head}, request ${context}: ${reject ? 'no' : `read at ${index}`}`;
  }
}
