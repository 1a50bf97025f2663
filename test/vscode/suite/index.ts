import Mocha from 'mocha';

/**
 * Entry of the suite inside VS Code (`extensionTestsPath`). The same suite runs
 * under @vscode/test-electron and in the browser workbench.
 */
export function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: Report });
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, '', mocha);
  require('./editing.e2e');
  require('./language.e2e');
  require('./debugging.e2e');
  return new Promise((resolve, reject) => {
    mocha.run((failures) => (failures ? reject(new Error(`${failures} tests failed`)) : resolve()));
  });
}

/** One line a test, marked so that the runner outside finds them in VS Code's log. */
class Report extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, (test) => console.log(`[suite] ✔ ${test.fullTitle()} (${test.duration} ms)`));
    runner.on(EVENT_TEST_FAIL, (test, error) => console.log(`[suite] ✘ ${test.fullTitle()}: ${error.stack}`));
  }
}
