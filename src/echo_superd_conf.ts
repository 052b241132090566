/** Prints a commented sample configuration, as echo_supervisord_conf does. */
import { sampleConfig } from './config/sample.ts';

process.stdout.write(sampleConfig());
