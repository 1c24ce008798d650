from tests.assets.support import *  # noqa: F403  fixtures
