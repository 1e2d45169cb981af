import { Badge } from '../../ui/badge.tsx';

export function Verdict({ passed }: { passed: boolean }) {
  return (
    <Badge tone={passed ? 'ok' : 'bad'} icon={passed ? 'check' : 'x'}>
      {passed ? 'Passed' : 'Failed'}
    </Badge>
  );
}
