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

    interface TableDescriptor {
      element: 'anyfunc';
      initial: number;
      maximum?: number;
    }

    interface Table {
      readonly length: number;
      get(index: number): unknown;
      set(index: number, value: unknown): void;
      grow(delta: number): number;
    }

    var Table: {
      prototype: Table;
      new (descriptor: TableDescriptor): Table;
    };

    interface Module {}

    var Module: {
      prototype: Module;
      new (bytes: Uint8Array<ArrayBuffer>): Module;
    };

    interface Instance {
      readonly exports: Record<string, unknown>;
    }

    var Instance: {
      prototype: Instance;
      new (module: Module, imports?: Record<string, Record<string, unknown>>): Instance;
    };
  }
}

export {};
