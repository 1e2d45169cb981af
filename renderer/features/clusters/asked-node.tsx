import { useState, type ComponentType } from 'react';
import { useSearch } from 'wouter';
import type { ClusterView, NodeView } from '../../../electron/contract/model.ts';
import { useClusterLive } from '../../api/use-cluster-live.tsx';

export interface AskProps {
  readonly view: ClusterView;
  readonly node: NodeView;
  readonly onClose: () => void;
}

/** Asks about the node that ?from=ID names; nothing where there is none. */
export function AskedNode({ Ask, onClose }: { Ask: ComponentType<AskProps>; onClose: () => void }) {
  const view = useClusterLive((state) => state.view);
  return view === null ? null : <About view={view} Ask={Ask} onClose={onClose} />;
}

/** What was asked about stays in sight while the cluster lets it go. */
function About({ view, Ask, onClose }: { view: ClusterView; Ask: ComponentType<AskProps>; onClose: () => void }) {
  const id = Number(new URLSearchParams(useSearch()).get('from'));
  const [node] = useState(() => view.nodes.find((one) => one.id === id));
  return node === undefined ? null : <Ask view={view} node={node} onClose={onClose} />;
}
