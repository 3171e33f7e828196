/** A broker of one's own, on a free port of 127.0.0.1. It ends with the process that started it. */
export interface Broker {
  /** For AMQP clients, as guest in the virtual host `/`. */
  readonly url: string;
  readonly port: number;
  /** Where it answers HTTP, without a slash at its end. */
  readonly httpUrl: string;
  /** Ends the broker; a second call does nothing. Rejects if the broker had failed before, and says what it wrote. */
  stop(): Promise<void>;
  /** What the broker has written to its log: its last 64 KiB. */
  log(): string;
}

export interface StartOptions {
  /** More of the broker's options, as `['--consumer-timeout', '60']`. */
  args?: string[];
  /** Whether tests may control the broker over HTTP, below `/test`. By default they may not. */
  test?: boolean;
}

/**
 * Starts a broker, and resolves once it listens. Rejects if it does not start; the error has what it wrote.
 *
 * It starts the binary of this package, or that which the environment variable POCKETMQ_BROKER names.
 */
export function startBroker(options?: StartOptions): Promise<Broker>;
