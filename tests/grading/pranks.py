"""What a student might write, print or draw to make a page do something."""

import base64
import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

RUN = "window.pwned=1"
HTML = (
    f"<script>{RUN};alert(1)</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}><script>{RUN}</script></svg>",
    f"<SVG/onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"</style><script>{RUN}</script><style>",
    f"</code></pre></title></textarea><script>{RUN}</script>",
    "<style>@import 'http://attacker.invalid/x.css'; body { display: none }</style>",
    "<link rel=stylesheet href=http://attacker.invalid/x.css>",
    "<meta http-equiv=refresh content='0;url=http://attacker.invalid/'>",
    f"<a href='javascript:{RUN}'>x</a><base href='http://attacker.invalid/'>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<math><mtext></mtext><img src=x onerror={RUN}></math>",
    "{{ 7 * 7 }}{% for x in () %}{% endfor %}{{ config }}",
    "<!-- <!--", "]]>", "<?php ?>",
)  # fmt: skip
MARKDOWN = (
    f"[a](javascript:{RUN})",
    f"[b](JaVaScRiPt&colon;{RUN})",
    f"[c](javascript\\:{RUN})",
    f"[d](j&#97;vascript&#58;{RUN})",
    f"[e](<javascript:{RUN}>)",
    f"[f][f]\n\n[f]: javascript:{RUN}",
    f"<javascript:{RUN}>",
    f"[g](data:text/html,<script>{RUN}</script>)",
    f"[h](vbscript:{RUN})",
    "![i](http://attacker.invalid/pixel.png)",
    "![j](attachment:missing.png)",
    f"![k](x\" onerror=\"{RUN})",
    f"```mermaid\n</pre><img src=x onerror={RUN}>\n```",
    f"~~~ mermaid\n<script>{RUN}</script>\n~~~",
    f"> ```mermaid\n> <script>{RUN}</script>\n> ```",
    f"$\\href{{javascript:{RUN}}}{{x}}$",
    f"$$\\require{{html}}\\style{{x}}{{y}}\\class{{z}}{{w}} \\def\\a{{\\href{{javascript:{RUN}}}{{x}}}}\\a$$",
    f"$&#92;href{{javascript:{RUN}}}{{x}}$",
    f"\\begin{{x<script>{RUN}</script>}}y\\end{{x<script>{RUN}</script>}}",
    f"$<script>{RUN}</script>$",
    f"`<script>{RUN}</script>`",
    f"    <script>{RUN}</script>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"# <img src=x onerror={RUN}>",
    f"| a |\n|---|\n| <img src=x onerror={RUN}> |",
)  # fmt: skip
TERMINAL = (
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07text", "text"),
    ("\x1b]8;;http://attacker.invalid\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x9b31mred", "red"),
    ("10%\r50%\r100%\nnext", "100%\nnext"),
    ("a\r\nb", "a\nb"),
    ("nul\0 bell\a", "nul\\u0000 bell\\u0007"),
    ("user\u202eexe.txt", "user\\u202eexe.txt"),
    ("\ud800", "\\ud800"),
    ("zero\u200bwidth", "zero\\u200bwidth"),
)


def bomb() -> bytes:
    """A PNG of a few kilobytes that claims 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(60_001) * 200, 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def telling_png() -> bytes:
    """A picture that carries text, and more text after its end."""
    info = PngInfo()
    info.add_text("Comment", "<script>carried along</script>")
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue() + b"<script>carried along</script>"


def no_pictures(good: bytes) -> dict[str, bytes]:
    """Bytes that are not the picture they claim to be."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>".encode()
    return {
        "bomb": bomb(),
        "truncated": good[: len(good) // 2],
        "header only": good[:33],
        "empty": b"",
        "svg": svg,
        "html": b"<html>",
        "gif": base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="),
        "damaged": good[:60] + bytes(40) + good[100:],
        "too wide": b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 1, 8, 0, 0, 0, 0)),
    }
