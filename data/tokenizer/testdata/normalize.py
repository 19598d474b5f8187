"""Normalises texts with NFC of Hugging Face's tokenizers 0.23.3, for nfc_test.go: JSON list in, JSON list out."""
import json
import sys

import tokenizers
from tokenizers import normalizers

if tokenizers.__version__ != "0.23.3":
    sys.exit("tokenizers %s, want 0.23.3" % tokenizers.__version__)
nfc = normalizers.NFC()
print(json.dumps([nfc.normalize_str(text) for text in json.load(sys.stdin)]))
