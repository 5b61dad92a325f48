"""How often each attribute stands in the files below a folder, by the tags on the way to it: "0008,1140/0008,1155"."""
import collections
import json
import pathlib
import sys

import pydicom


def count(dataset, path, counts):
    for element in dataset:
        here = f"{path}{element.tag.group:04x},{element.tag.element:04x}"
        counts[here] += 1
        if element.VR == "SQ":
            for item in element.value:
                count(item, here + "/", counts)


def main():
    counts = collections.Counter()
    for file in pathlib.Path(sys.argv[1]).rglob("*.dcm"):
        count(pydicom.dcmread(file), "", counts)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
