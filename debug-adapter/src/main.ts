/** Entry program of the debug adapter: speaks on standard input and output, or with `--server=PORT` on a socket. */
import { HyperstepSession } from './session';

HyperstepSession.run(HyperstepSession);
