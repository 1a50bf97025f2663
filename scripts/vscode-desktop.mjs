// Runs the end-to-end suite in a desktop VS Code, downloaded by @vscode/test-electron.
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from './build.mjs';
import { bundle, root } from './bundle.mjs';

await build();
const suite = join(root, 'out/vscode-suite');
await bundle({ index: 'test/vscode/suite/index.ts' }, suite);
await runTests({
  extensionDevelopmentPath: root,
  extensionTestsPath: join(suite, 'index.js'),
  launchArgs: [join(root, 'guests'), '--disable-extensions'],
  extensionTestsEnv: { HYPERSTEP_ROOT: root },
});
