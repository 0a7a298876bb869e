"""`python -m lossbench.training.native` compiles the step in place."""

import sys

from lossbench.training.native.build import NotBuilt, build

if __name__ == "__main__":
    try:
        print(f"compiled: {', '.join(path.name for path in build())}")
    except NotBuilt as error:
        sys.exit(str(error))
