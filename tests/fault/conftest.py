import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / 'crash')]
sys.path.append(str(pathlib.Path(__file__).parents[1] / 'api'))
