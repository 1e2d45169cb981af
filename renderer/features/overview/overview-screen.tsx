import { useClusterLive } from '../../api/use-cluster-live.tsx';

export function OverviewScreen({ cluster }: { cluster: string }) {
  const state = useClusterLive((live) => live.view?.summary.state);
  return (
    <p>
      {cluster} {state}
    </p>
  );
}
