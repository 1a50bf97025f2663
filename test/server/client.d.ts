import {
  type InitializeParams,
  type InitializeResult,
  type ProtocolConnection,
} from 'vscode-languageserver/node';
import type { ServerFiles } from '../../server/src/workspace/files';
/** A client and the server on one connection in memory, with the protocol's real messages in between. */
export interface Client {
  connection: ProtocolConnection;
  capabilities: InitializeResult['capabilities'];
  dispose(): void;
}
/** Starts the server and initialises it. */
export declare function startClient(files: ServerFiles, params?: Partial<InitializeParams>): Promise<Client>;
