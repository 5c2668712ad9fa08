-- The synthetic criminal record registry. Dates, moments and absence as in population.sql.

-- The state of one person, at the depth of certificate no. 1: spent convictions do not show.
CREATE TABLE ly_lich (
    so_dinh_danh            TEXT NOT NULL,  -- 12 digits: the key
    ho_ten                  TEXT NOT NULL,
    ngay_sinh               TEXT,
    -- 'Không có án tích' | 'Có án tích' | 'Chưa đủ thông tin, cần xác minh' (before 1 July 2010)
    tinh_trang_an_tich      TEXT NOT NULL,
    -- 'Không bị cấm' | 'Đang bị cấm' | 'Chưa đủ thông tin, cần xác minh'
    tinh_trang_cam          TEXT NOT NULL,
    thoi_diem_du_lieu       TEXT NOT NULL,
    phien_ban               TEXT NOT NULL
);

-- Certificates, of both kinds: the registry holds no. 2 as well, and it must never be passed on.
CREATE TABLE phieu_lltp (
    so_phieu                TEXT NOT NULL,  -- the key
    loai_phieu              TEXT NOT NULL,  -- '1' | '2'
    ngay_cap                TEXT NOT NULL,
    co_quan_cap             TEXT NOT NULL,
    nguoi_ky                TEXT NOT NULL,
    chuc_vu                 TEXT NOT NULL,
    so_dinh_danh            TEXT NOT NULL,
    ho_ten                  TEXT NOT NULL,
    gioi_tinh               TEXT,
    ngay_sinh               TEXT,
    quoc_tich               TEXT,

    noi_sinh_chi_tiet       TEXT,
    noi_sinh_ma_xa          TEXT,
    noi_sinh_ten_xa         TEXT,
    noi_sinh_ma_huyen       TEXT,
    noi_sinh_ten_huyen      TEXT,
    noi_sinh_ma_tinh        TEXT,
    noi_sinh_ten_tinh       TEXT,
    noi_sinh_quoc_gia       TEXT,
    noi_sinh_dia_chi        TEXT,
    noi_sinh_danh_muc       TEXT,

    cu_tru_chi_tiet         TEXT,
    cu_tru_ma_xa            TEXT,
    cu_tru_ten_xa           TEXT,
    cu_tru_ma_huyen         TEXT,
    cu_tru_ten_huyen        TEXT,
    cu_tru_ma_tinh          TEXT,
    cu_tru_ten_tinh         TEXT,
    cu_tru_quoc_gia         TEXT,
    cu_tru_dia_chi          TEXT,
    cu_tru_danh_muc         TEXT,

    tinh_trang_an_tich      TEXT NOT NULL,  -- phrases of ly_lich
    tinh_trang_phieu        TEXT NOT NULL,  -- 'Còn hiệu lực' | 'Đã thu hồi'
    quyet_dinh_thu_hoi_so   TEXT,
    quyet_dinh_thu_hoi_ngay TEXT,
    ban_dien_tu             BLOB,           -- the electronic certificate, as issued
    thoi_diem_du_lieu       TEXT NOT NULL,
    phien_ban               TEXT NOT NULL
);

-- The convictions that a certificate lists. On no. 1 the unspent ones only.
CREATE TABLE an_tich (
    so_phieu                TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    toi_danh                TEXT NOT NULL,
    hinh_phat_chinh         TEXT,
    hinh_phat_bo_sung       TEXT,
    so_ban_an               TEXT,
    ngay_ban_an             TEXT,
    toa_an                  TEXT,
    ngay_xoa_an             TEXT,           -- spent on; never set on a certificate no. 1
    PRIMARY KEY (so_phieu, thu_tu)
) WITHOUT ROWID;

-- The bans that a certificate lists, where they were asked for.
CREATE TABLE cam_dam_nhiem (
    so_phieu                TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    so_quyet_dinh           TEXT,
    ngay_quyet_dinh         TEXT,
    chuc_vu_cam             TEXT,
    cam_tu_ngay             TEXT,
    thoi_han_cam            TEXT,
    PRIMARY KEY (so_phieu, thu_tu)
) WITHOUT ROWID;

-- Indexes: made after the load.
CREATE UNIQUE INDEX ly_lich_so_dinh_danh ON ly_lich (so_dinh_danh);
CREATE UNIQUE INDEX phieu_lltp_so_phieu ON phieu_lltp (so_phieu);
CREATE INDEX phieu_lltp_so_dinh_danh ON phieu_lltp (so_dinh_danh);
