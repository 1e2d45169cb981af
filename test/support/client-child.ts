// A program that uses a client, closes it with calls in flight, and has nothing else to do:
// it must end by itself. Arguments: endpoints, of which the last refuses connections.
import { PrkDbClient } from '../../engine/client/index.ts';

const client = await PrkDbClient.connect(process.argv.slice(2));
await client.put('key', 'value');
const pending = [
  client.get('key'),
  client.get('silent'),
  client.put('silent', 'x'),
  client.metadata(),
  client.health(),
];
setTimeout(() => client.close(), 50);
const results = await Promise.allSettled(pending);
process.stdout.write(results.map((r) => r.status).join(' '));
