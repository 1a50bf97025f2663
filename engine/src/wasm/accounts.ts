/**
 * Who pays for the instructions of a region's blocks. A block that control can
 * only reach from the one before it costs no look at the budget: the one before
 * has paid for the longest way on, and gets back the difference on another way.
 */
/** At most so much is paid at once: a region is not entered with a smaller budget. */
export const MAX_PAYMENT = 128;

/** What must be known of a block. */
interface Paying {
  instructions: number;
  successors: readonly number[];
  entry: boolean;
}

/** What a block pays. */
export interface Account {
  /** Instructions for which must be paid when it begins; undefined: the block before has paid. */
  price: number | undefined;
  /** What is paid for its instructions and those that may follow. */
  total: number;
  /** Of this, for what follows it. */
  ahead: number;
}

/** Accounts of blocks in the region's order. */
export function openAccounts(blocks: readonly Paying[]): Account[] {
  const before: number[][] = blocks.map(() => []);
  blocks.forEach((b, i) => {
    for (const to of b.successors) before[to].push(i);
  });
  const accounts = blocks.map((b): Account => ({ price: undefined, total: b.instructions, ahead: 0 }));
  // From the last block on: what follows is known when its predecessor asks.
  for (let i = blocks.length - 1; i >= 0; i--) {
    const account = accounts[i];
    account.total = blocks[i].instructions + account.ahead;
    const [from] = before[i];
    const follows = before[i].length === 1 && from < i && !blocks[i].entry;
    if (follows && blocks[from].instructions + account.total <= MAX_PAYMENT)
      accounts[from].ahead = Math.max(accounts[from].ahead, account.total);
    else account.price = account.total;
  }
  return accounts;
}
