// A bus with a token: an endpoint without the token is not admitted. The token itself is never
// sent.
import { join } from 'busbar';

const bus = `token-${process.pid}`;
const member = await join(bus, { token: 'correct horse', label: 'member' });

await join(bus).catch((error) => console.log(`without a token: ${error.code}`));
await join(bus, { token: 'wrong' }).catch((error) => console.log(`another token: ${error.code}`));

const friend = await join(bus, { token: 'correct horse' });
console.log(`with the token: sees ${friend.peers[0].label[0]}`);
await friend.close();
await member.close();
