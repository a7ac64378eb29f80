from platformio.public import PlatformBase


class Stand_inPlatform(PlatformBase):
    pass
