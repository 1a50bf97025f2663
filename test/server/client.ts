import { PassThrough } from 'node:stream';
import {
  createConnection,
  createProtocolConnection,
  type InitializeParams,
  type InitializeResult,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { startServer } from '../../server/src/server';
import type { ServerFiles } from '../../server/src/workspace/files';

/** A client and the server on one connection in memory, with the protocol's real messages in between. */
export interface Client {
  connection: ProtocolConnection;
  capabilities: InitializeResult['capabilities'];
  dispose(): void;
}

/** Starts the server and initialises it. */
export async function startClient(
  files: ServerFiles,
  params: Partial<InitializeParams> = {},
): Promise<Client> {
  const toServer = new PassThrough();
  const toClient = new PassThrough();
  const server = createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient));
  startServer(server, files);
  const connection = createProtocolConnection(
    new StreamMessageReader(toClient),
    new StreamMessageWriter(toServer),
  );
  connection.onRequest('workspace/configuration', () => [null]);
  connection.onRequest('client/registerCapability', () => null);
  connection.onRequest('workspace/inlayHint/refresh', () => null);
  connection.listen();
  const { capabilities } = (await connection.sendRequest('initialize', {
    processId: null,
    rootUri: null,
    workspaceFolders: null,
    ...params,
    capabilities: {
      textDocument: {
        publishDiagnostics: { relatedInformation: true },
        completion: { completionList: { itemDefaults: ['editRange', 'data'] } },
      },
      workspace: { workspaceFolders: true, configuration: true },
      ...params.capabilities,
    },
  })) as InitializeResult;
  await connection.sendNotification('initialized', {});
  return {
    connection,
    capabilities,
    dispose: () => {
      connection.dispose();
      server.dispose();
    },
  };
}
