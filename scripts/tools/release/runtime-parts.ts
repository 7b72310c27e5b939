/**
 * The works of others inside the runtime, as its LICENSE.md lists those that a Linux executable contains. Versions are what the runtime says of
 * itself: most are revisions. Called by sbom.ts and licences.ts.
 */

/** One of them. */
export interface RuntimePart {
  readonly name: string;
  /** Undefined where the runtime does not say it. */
  readonly version: string | undefined;
  /** An SPDX expression. */
  readonly license: string;
  /** The copyright notice that goes along with it. */
  readonly copyright: string;
  readonly url: string;
}

type Row = readonly [
  name: string,
  versionKey: string | undefined,
  license: string,
  copyright: string,
  url: string,
];

const FORGE = "https://github.com";

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ["JavaScriptCore and parts of WebKit", "webkit", "LGPL-2.0-or-later AND BSD-2-Clause", "Apple Inc. and others", `${FORGE}/oven-sh/WebKit`],
  ["BoringSSL", "boringssl", "Apache-2.0 AND ISC AND MIT AND OpenSSL", "The OpenSSL Project, Eric Young, Google Inc. and others", "https://boringssl.googlesource.com/boringssl"],
  ["brotli", undefined, "MIT", "2009, 2010, 2013-2016 by the Brotli Authors", `${FORGE}/google/brotli`],
  ["c-ares", "ares", "MIT", "1998 Massachusetts Institute of Technology; 2007-2025 Daniel Stenberg with many contributors", `${FORGE}/c-ares/c-ares`],
  ["highway", undefined, "Apache-2.0", "The Highway Project Authors", `${FORGE}/google/highway`],
  ["ICU", "icu", "Unicode-3.0", "2016-2025 Unicode, Inc.", `${FORGE}/unicode-org/icu`],
  ["libarchive", "libarchive", "BSD-2-Clause", "2003-2025 Tim Kientzle and the authors named in its COPYING", `${FORGE}/libarchive/libarchive`],
  ["libbase64", undefined, "BSD-2-Clause", "2005-2007 Nick Galbreath; 2013-2022 Alfred Klomp; 2015-2018 Wojciech Muła; 2016-2017 Matthieu Darbois", `${FORGE}/aklomp/base64`],
  ["libdeflate", "libdeflate", "MIT", "2016 Eric Biggers; 2024 Google LLC", `${FORGE}/ebiggers/libdeflate`],
  ["libjpeg-turbo", undefined, "IJG AND BSD-3-Clause AND Zlib", "1991-2020 Thomas G. Lane, Guido Vollbeding; 2009-2025 D. R. Commander and others. This software is based in part on the work of the Independent JPEG Group", `${FORGE}/libjpeg-turbo/libjpeg-turbo`],
  ["libspng", undefined, "BSD-2-Clause", "2018-2022 Randy", `${FORGE}/randy408/libspng`],
  ["libwebp", undefined, "BSD-3-Clause", "2010 Google Inc.", `${FORGE}/webmproject/libwebp`],
  ["llhttp", "llhttp", "MIT", "2018 Fedor Indutny", `${FORGE}/nodejs/llhttp`],
  ["LLVM libc++abi (__cxa_thread_atexit)", undefined, "Apache-2.0 WITH LLVM-exception", "The LLVM Project", `${FORGE}/llvm/llvm-project`],
  ["lol-html", "lolhtml", "BSD-3-Clause", "2019 Cloudflare, Inc.", `${FORGE}/cloudflare/lol-html`],
  ["ls-hpack", "lshpack", "MIT", "2018-2023 LiteSpeed Technologies Inc", `${FORGE}/litespeedtech/ls-hpack`],
  ["ls-qpack", undefined, "MIT", "2019 LiteSpeed Technologies Inc", `${FORGE}/litespeedtech/ls-qpack`],
  ["lsquic", undefined, "MIT AND BSD-3-Clause", "2017-2023 LiteSpeed Technologies Inc; the Chromium Authors", `${FORGE}/litespeedtech/lsquic`],
  ["mimalloc", "mimalloc", "MIT", "2018-2025 Microsoft Corporation, Daan Leijen", `${FORGE}/microsoft/mimalloc`],
  ["picohttpparser", "picohttpparser", "MIT", "2009-2014 Kazuho Oku, Tokuhiro Matsuno, Daisuke Murase, Shigeo Mitsunari", `${FORGE}/h2o/picohttpparser`],
  ["simdutf", undefined, "Apache-2.0", "2021 The simdutf authors", `${FORGE}/simdutf/simdutf`],
  ["SQLite", "sqlite", "blessing", "in the public domain", "https://www.sqlite.org"],
  ["TinyCC", "tinycc", "LGPL-2.1-only", "2001-2004 Fabrice Bellard and others", `${FORGE}/oven-sh/tinycc`],
  ["uSockets", "usockets", "Apache-2.0", "2018-2025 Alex Hultman and contributors", `${FORGE}/uNetworking/uSockets`],
  ["uucode", undefined, "MIT", "Jacob Sandlund", `${FORGE}/jacobsandlund/uucode`],
  ["uWebSockets", "uwebsockets", "Apache-2.0", "2018-2025 Alex Hultman and contributors", `${FORGE}/uNetworking/uWebSockets`],
  ["zlib-ng", "zlib", "Zlib", "1995-2024 Jean-loup Gailly and Mark Adler", `${FORGE}/zlib-ng/zlib-ng`],
  ["Zstandard", "zstd", "BSD-3-Clause", "Meta Platforms, Inc. and affiliates", `${FORGE}/facebook/zstd`],
  ["browserify's polyfills and acorn", undefined, "MIT", "their authors; in the runtime's LICENSE.md they are named one by one", `${FORGE}/oven-sh/bun/blob/main/LICENSE.md`],
];

/**
 * All of them.
 *
 * @param versions - what the runtime says of itself, `process.versions`
 */
export function runtimeParts(versions: Readonly<Record<string, string | undefined>>): RuntimePart[] {
  return ROWS.map(([name, key, license, copyright, url]) => ({
    name,
    version: key === undefined ? undefined : versions[key],
    license,
    copyright,
    url,
  }));
}
