/**
 * The part of the WebAssembly JavaScript interface that the engine uses, as in
 * TypeScript's DOM library. The engine runs in Node and in browser workers
 * alike, so it takes neither host's type library.
 */
declare global {
  namespace WebAssembly {
    interface MemoryDescriptor {
      initial: number;
      maximum?: number;
      shared?: boolean;
    }

    interface Memory {
      readonly buffer: ArrayBuffer;
      grow(delta: number): number;
    }

    var Memory: {
      prototype: Memory;
      new (descriptor: MemoryDescriptor): Memory;
    };
  }
}

export {};
