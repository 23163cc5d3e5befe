"""Signs and verifies by libopendkim itself, to which the message goes as it is, by dkim_chunk.

Not by `opendkim -t`, which would add disagreements of its own (opendkim/test.c and opendkim.c of 2.11): it reads lines as C strings, so that a
line of the body ends at a NUL, and it calls its mail filter for each field with name and value apart, which puts them together again
with one blank between, so that «Name:value» becomes «Name: value», which simple canonicalization does not forgive."""
import ctypes
from ctypes import byref, c_char_p, c_int, c_size_t, c_ssize_t, c_void_p

CANON = {"simple": 0, "relaxed": 1}
ALGORITHM = {"rsa": 1, "ed25519": 2}


class Library:
    def __init__(self, zone_file):
        lib = self.lib = ctypes.CDLL("libopendkim.so.11")
        for name in ("dkim_init", "dkim_sign", "dkim_verify"):
            getattr(lib, name).restype = c_void_p
        for name in ("dkim_geterror", "dkim_getresultstr", "dkim_sig_geterrorstr"):
            getattr(lib, name).restype = c_char_p
        self.handle = c_void_p(lib.dkim_init(None, None))
        # Keys from a file of lines «NAME RECORD», the record not quoted.
        self.set(6, c_int(1), 4)
        lib.dkim_options(self.handle, 1, 7, c_char_p(zone_file.encode()), c_size_t(len(zone_file) + 1))

    def set(self, option, value, size):
        status = self.lib.dkim_options(self.handle, 1, option, byref(value), c_size_t(size))
        assert status == 0, status

    def version(self):
        number = self.lib.dkim_libversion()
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8))

    def run(self, dkim, content):
        """Gives the message to it; nothing, or what it complained of."""
        steps = [lambda: self.lib.dkim_chunk(dkim, c_char_p(content), c_size_t(len(content))),
                 lambda: self.lib.dkim_chunk(dkim, None, c_size_t(0)),
                 lambda: self.lib.dkim_eom(dkim, None)]
        for step in steps:
            status = step()
            if status != 0:
                text = self.lib.dkim_geterror(dkim) or self.lib.dkim_getresultstr(status) or b""
                return f"{text.decode(errors='replace')} (status {status})"
        return None

    def sign(self, content, key, selector, domain, kind, header, body):
        status = c_int()
        dkim = c_void_p(self.lib.dkim_sign(
            self.handle, b"job", None, c_char_p(key), c_char_p(selector.encode()), c_char_p(domain.encode()),
            CANON[header], CANON[body], ALGORITHM[kind], c_ssize_t(-1), byref(status)))
        if not dkim.value:
            raise RuntimeError(f"dkim_sign: status {status.value}")
        try:
            trouble = self.run(dkim, content)
            if trouble:
                raise RuntimeError(trouble)
            text, size = c_char_p(), c_size_t()
            status = self.lib.dkim_getsighdr_d(dkim, c_size_t(16), byref(text), byref(size))
            assert status == 0, status
            # It folds with a bare LF, which the mail filter leaves to the server to mend.
            field = text.value[:size.value].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            return b"DKIM-Signature: " + field + b"\r\n"
        finally:
            self.lib.dkim_free(dkim)

    def verify(self, content):
        status = c_int()
        dkim = c_void_p(self.lib.dkim_verify(self.handle, b"job", None, byref(status)))
        try:
            trouble = self.run(dkim, content)
            signatures, count = ctypes.POINTER(c_void_p)(), c_int()
            if self.lib.dkim_getsiglist(dkim, byref(signatures), byref(count)) == 0 and count.value > 0:
                signature = c_void_p(signatures[0])
                flags = self.lib.dkim_sig_getflags(signature)
                body = self.lib.dkim_sig_getbh(signature)
                if trouble is None and flags & 4 and body == 0:
                    return None
                error = self.lib.dkim_sig_geterrorstr(self.lib.dkim_sig_geterror(signature)) or b""
                state = {0: "body hash right", 1: "body hash wrong"}.get(body, "body hash not tried")
                return f"{trouble or error.decode()}, {state}"
            return trouble or "no signature found"
        finally:
            self.lib.dkim_free(dkim)
