import {
  SERIAL,
  SERIAL_INPUT,
  type SerialEvent,
  type SerialInputArguments,
} from '@hyperstep/debug-adapter/protocol';
import * as vscode from 'vscode';

/** COM1 of a debugged machine as a terminal: what the guest sends appears, what is typed is sent. */
class SerialTerminal implements vscode.Pseudoterminal {
  private readonly writer = new vscode.EventEmitter<string>();
  private readonly closer = new vscode.EventEmitter<number | undefined>();
  readonly onDidWrite = this.writer.event;
  readonly onDidClose = this.closer.event;
  private opened = false;
  /** Output that came before the terminal was on the screen. */
  private waiting = '';

  constructor(private readonly session: vscode.DebugSession) {}

  open(): void {
    this.opened = true;
    this.writer.fire(this.waiting);
    this.waiting = '';
  }

  close(): void {}

  handleInput(data: string): void {
    const request: SerialInputArguments = { text: data };
    // After the session's end nobody listens; typing is then without effect.
    this.session.customRequest(SERIAL_INPUT, request).then(undefined, () => {});
  }

  print(text: string): void {
    // A serial line's LF means "next line" to the guests; a terminal wants CR LF.
    const shown = text.replace(/\r?\n/g, '\r\n');
    if (this.opened) this.writer.fire(shown);
    else this.waiting += shown;
  }

  end(): void {
    this.print(`\r\n[${vscode.l10n.t('the machine is off')}]\r\n`);
  }
}

/** Gives every session that prints to COM1 a terminal, at its first character. */
export function registerSerialTerminals(): vscode.Disposable {
  const terminals = new Map<string, SerialTerminal>();
  let shown: vscode.Terminal | undefined;

  const print = (session: vscode.DebugSession, text: string): void => {
    let terminal = terminals.get(session.id);
    if (!terminal) {
      terminal = new SerialTerminal(session);
      terminals.set(session.id, terminal);
      // One serial terminal at a time: the next run replaces the last one's.
      shown?.dispose();
      shown = vscode.window.createTerminal({
        name: vscode.l10n.t('Serial console (COM1)'),
        pty: terminal,
        iconPath: new vscode.ThemeIcon('terminal'),
      });
      shown.show(true);
    }
    terminal.print(text);
  };

  return vscode.Disposable.from(
    vscode.debug.onDidReceiveDebugSessionCustomEvent((event) => {
      if (event.event === SERIAL && event.session.type === 'hyperstep') {
        print(event.session, (event.body as SerialEvent).text);
      }
    }),
    vscode.debug.onDidTerminateDebugSession((session) => {
      terminals.get(session.id)?.end();
      terminals.delete(session.id);
    }),
  );
}
