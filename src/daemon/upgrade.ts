/** Giving way to the brain that is now on disk. */
import { ok } from '../errors.ts';
import { checkCode } from '../host/brain-copy.ts';
import { after } from '../host/clock.ts';
import type { Hello } from '../host/keeper-link.ts';
import type { BrainAccess } from '../rpc/ports.ts';
import type { MainLog } from '../supervisor/host.ts';
import { millis, pid } from '../units.ts';

/** Until a brain that is replaced goes: the reply to whoever asked for it is sent meanwhile. */
const REPLY_TIME = millis(50);

/** @param leave ends this brain so that the keeper starts another */
export const brainAccess = ({ main, served, lastEnd }: Hello, log: MainLog, leave: () => void): BrainAccess => ({
  pid: pid(process.pid),
  served,
  lastEnd,
  replace: async () => {
    const checked = await checkCode(main);
    if (!checked.ok) return checked;
    log.log('warn', `the brain is replaced by ${main}`);
    after(REPLY_TIME, leave);
    return ok(undefined);
  },
});
