/** The version of superd, as `superd --version` and `getSupervisorVersion` tell it; a test holds it equal to package.json. */
export const VERSION = '0.1.0';
