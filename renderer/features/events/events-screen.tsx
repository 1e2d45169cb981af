import { useClusterLive } from '../../api/use-cluster-live.tsx';

export function EventsScreen({ cluster }: { cluster: string }) {
  const count = useClusterLive((live) => live.events.length);
  return (
    <p>
      {cluster} {count}
    </p>
  );
}
