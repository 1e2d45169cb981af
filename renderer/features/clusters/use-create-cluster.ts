import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import type { ClusterSpecInput } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { clusterPath } from '../../app/paths.ts';
import { showError } from '../../ui/toast.tsx';

/**
 * Creates a cluster, starts it and goes to its overview. A cluster that was created but
 * did not start is shown all the same: it is there, and can be started again.
 */
export function useCreateCluster() {
  const api = useApi();
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: async (spec: ClusterSpecInput) => {
      const { name } = await api.command('clusters.create', spec);
      try {
        await api.command('cluster.start', { cluster: name });
      } catch (error) {
        showError(`${name} was created but did not start.`, error);
      }
      return name;
    },
    onSuccess: (name) => navigate(clusterPath(name)),
  });
}
