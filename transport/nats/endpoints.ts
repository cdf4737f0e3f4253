export interface NatsEndpoints {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
  readonly tls: boolean;
}

/** Reads `nats://user:password@host:4222,nats://other:4222`; a user without a password is a token. Throws TypeError, without repeating what may be a password. */
export function endpointsOf(url: string): NatsEndpoints {
  let user: string | undefined;
  let pass: string | undefined;
  let token: string | undefined;
  let tls = false;
  const servers = url.split(',').map((one) => {
    const parsed = parse(one.trim());
    if (parsed.protocol === 'tls:') tls = true;
    if (parsed.password !== '') {
      user = decodeURIComponent(parsed.username);
      pass = decodeURIComponent(parsed.password);
    } else if (parsed.username !== '') token = decodeURIComponent(parsed.username);
    return `${parsed.hostname}:${parsed.port === '' ? '4222' : parsed.port}`;
  });
  return { servers, user, pass, token, tls };
}

/** For logs. */
export function withoutSecrets(url: string): string {
  return endpointsOf(url).servers.join(',');
}

function parse(one: string): URL {
  let parsed: URL | undefined;
  try {
    parsed = new URL(one.includes('://') ? one : `nats://${one}`);
  } catch {
    // Said below; the error of URL repeats what it was given.
  }
  if (parsed === undefined || parsed.hostname === '' || (parsed.protocol !== 'nats:' && parsed.protocol !== 'tls:')) {
    throw new TypeError('NATS is given as nats://host:4222 or tls://host:4222, several with commas between them');
  }
  return parsed;
}
